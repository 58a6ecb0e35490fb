"""The sampler that learns which decisions pay: features of networks, a Gaussian process on them, and its proposals."""
