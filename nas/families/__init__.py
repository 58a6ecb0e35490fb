"""Networks scaled from one base, trained alike: families, the fit of α, β, γ, and compound beside single dimensions."""
