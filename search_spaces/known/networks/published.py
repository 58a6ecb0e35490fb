"""What was published of the known networks: year, result on ImageNet, source, and how the figure was had."""

from __future__ import annotations

from typing import NamedTuple

VERIFIED = "verified"  # read in the source itself
MEMORY = "memory"  # quoted from memory, not checked against the source
LECTURE = "lecture"  # from lecture notes, not checked against the source
PROVENANCE = {
    VERIFIED: "read in the source",
    MEMORY: "quoted from memory, not checked",
    LECTURE: "from lecture notes, not checked",
}


class Result(NamedTuple):
    """One published result in per cent, as printed: ``top1`` and ``top5`` are errors where ``error``, else
    accuracies; ``where`` says of what (one crop, an ensemble, test server)."""

    top1: float | None
    top5: float | None
    error: bool
    where: str
    source: str
    provenance: str


class Published(NamedTuple):
    """Year of a network's first description, its results, and what does not agree with the paper."""

    year: int
    results: tuple[Result, ...] = ()
    note: str = ""


def _errors(top1: float | None, top5: float | None, where: str, source: str, provenance: str = MEMORY) -> Result:
    return Result(top1, top5, True, where, source, provenance)


def _accuracies(top1: float, top5: float | None, where: str, source: str, provenance: str = VERIFIED) -> Result:
    return Result(top1, top5, False, where, source, provenance)


def _torchvision(top1: float, top5: float) -> Result:
    return _accuracies(top1, top5, "weights IMAGENET1K_V1, one crop", "torchvision")


VGG = "Simonyan & Zisserman 2014"
RESNET = "He et al. 2015"
SE = "Hu et al. 2018"
EFFICIENTNET = "Tan & Le 2019, table 2"
V2 = "google/automl, efficientnetv2 README"
NF = "Brock et al. 2021, table 3"
TRIMPS = "Trimps-Soushen 2016, validation, in a lecture"
COUNTED_BY_HAND = "No library has it; the counts are by hand."
V1_5 = "The stride is in the 3×3 (v1.5), as in today's libraries; the paper's v1 is resnet-50-v1, 0.23 G fewer."

PUBLISHED: dict[str, Published] = {
    "alexnet-2012": Published(
        2012,
        (
            _errors(40.7, 18.2, "one network, validation", "Krizhevsky et al. 2012, table 2"),
            _errors(None, 15.3, "ILSVRC-2012 winner, 7 networks, test", "Krizhevsky et al. 2012, table 2"),
        ),
        "The paper says 224 px; its arithmetic needs 227. " + COUNTED_BY_HAND,
    ),
    "zfnet": Published(
        2013,
        (
            _errors(38.4, 16.5, "one network, validation", "Zeiler & Fergus 2013, table 2"),
            _errors(36.0, 14.7, "6 networks, validation", "Zeiler & Fergus 2013, table 2"),
        ),
        COUNTED_BY_HAND,
    ),
    "alexnet": Published(
        2014,
        (_torchvision(56.522, 79.066),),
        "One column, other widths and no local response normalisation: not the network of 2012.",
    ),
    "vgg-11": Published(2014, (_torchvision(69.02, 88.628),)),
    "vgg-13": Published(2014, (_torchvision(69.928, 89.246),)),
    "vgg-16": Published(
        2014,
        (
            _errors(25.6, 8.1, "one network, single scale", f"{VGG}, table 3"),
            _errors(None, 7.3, "ILSVRC-2014, 7 networks, test", f"{VGG}, table 7"),
        ),
    ),
    "vgg-19": Published(2014, (_errors(25.5, 8.0, "one network, single scale", f"{VGG}, table 3"),)),
    "vgg-11-bn": Published(2014, (_torchvision(70.37, 89.81),)),
    "vgg-13-bn": Published(2014, (_torchvision(71.586, 90.374),)),
    "vgg-16-bn": Published(2014, (_torchvision(73.36, 91.516),)),
    "vgg-19-bn": Published(2014, (_torchvision(74.218, 91.842),)),
    "googlenet-2014": Published(
        2014,
        (
            _errors(None, 10.07, "one network, one crop", "Szegedy et al. 2014, table 3"),
            _errors(None, 6.67, "ILSVRC-2014 winner, 7 networks, test", "Szegedy et al. 2014, table 3"),
        ),
        "Table 1 adds up to 6.8 M parameters and 1.5 G; biases are not in it. " + COUNTED_BY_HAND,
    ),
    "googlenet": Published(
        2014,
        (_torchvision(69.778, 89.53),),
        "torchvision's: batch norm, 3×3 where the paper has 5×5, a second pool of 2×2.",
    ),
    "inception-v3": Published(
        2015,
        (
            _errors(21.2, 5.6, "one crop", "Szegedy et al. 2015, abstract", VERIFIED),
            _errors(None, 4.2, "validation", TRIMPS, LECTURE),
        ),
        "The abstract says 5 billion multiply-adds and less than 25 million parameters.",
    ),
    "resnet-18": Published(2015, (_errors(27.88, None, "10 crops", f"{RESNET}, table 2"),)),
    "resnet-34": Published(2015, (_errors(24.19, 7.4, "10 crops", f"{RESNET}, table 3"),)),
    "resnet-50": Published(2015, (_torchvision(76.13, 92.862),), V1_5),
    "resnet-50-v1": Published(
        2015, (_errors(22.85, 6.71, "10 crops", f"{RESNET}, table 3"),), "The paper's network. " + COUNTED_BY_HAND
    ),
    "resnet-101": Published(
        2015, (_errors(21.75, 6.05, "10 crops", f"{RESNET}, table 3"),), "v1.5; the paper's is v1: 7.57 G."
    ),
    "resnet-152": Published(
        2015,
        (
            _errors(19.38, 4.49, "one network, several scales", f"{RESNET}, table 4"),
            _errors(None, 3.57, "ILSVRC-2015 winner, an ensemble, test", f"{RESNET}, table 5"),
        ),
        "v1.5; the paper's is v1: 11.28 G.",
    ),
    "preact-resnet-200": Published(
        2016,
        (
            _errors(20.1, 4.8, "320 px", "He et al. 2016, table 5"),
            _errors(None, 4.26, "validation", TRIMPS, LECTURE),
        ),
        "The stride is in the 3×3, as timm builds it.",
    ),
    "inception-v4": Published(
        2016,
        (
            _errors(20.0, 5.0, "one crop", "Szegedy et al. 2016, table 2"),
            _errors(None, 4.01, "validation", TRIMPS, LECTURE),
        ),
        "EfficientNet's table 2 quotes 48 M parameters and 13 G; the network has 42.7 M and 12.25 G.",
    ),
    "inception-resnet-v2": Published(
        2016,
        (
            _errors(19.9, 4.9, "one crop", "Szegedy et al. 2016, table 2"),
            _errors(None, 3.52, "validation", TRIMPS, LECTURE),
        ),
        "The authors' released network; the paper's figures show another stem, other widths and 5, 10, 5 modules.",
    ),
    "resnext-50-32x4d": Published(2016, (_errors(22.2, None, "one crop", "Xie et al. 2017, table 3"),)),
    "wide-resnet-50-2": Published(2016, (_torchvision(78.468, 94.086),)),
    "se-resnet-50": Published(
        2017,
        (
            _errors(23.29, 6.62, "one crop", f"{SE}, table 2"),
            _errors(22.37, 6.36, "one crop, later weights", "hujie-frank/SENet", VERIFIED),
        ),
        "v1.5 strides, as timm has it; the paper's 3.87 G are of v1.",
    ),
    "senet-154": Published(
        2017,
        (
            _errors(18.68, 4.47, "one crop", "hujie-frank/SENet", VERIFIED),
            _errors(None, 2.251, "ILSVRC-2017 winner, an ensemble, test", SE, LECTURE),
        ),
        "115.1 M parameters, not the 146 M that some tables quote; their 42 G are at 320 px.",
    ),
    "mobilenet-v1": Published(
        2017,
        (_accuracies(70.6, None, "one crop", "Howard et al. 2017, table 8", MEMORY),),
        "ReLU6, as timm has it; the paper says ReLU.",
    ),
    "mobilenet-v2": Published(
        2018,
        (_accuracies(72.0, None, "one crop", "Sandler et al. 2018, table 4", MEMORY), _torchvision(71.878, 90.286)),
    ),
    "mnasnet-a1": Published(2018, (_accuracies(75.2, 92.5, "one crop", "Tan et al. 2019 (MnasNet), table 1"),)),
    "mnasnet-b1": Published(2018, (_accuracies(74.5, 92.0, "one crop", "Tan et al. 2019 (MnasNet), table 2", MEMORY),)),
    "efficientnet-b0": Published(2019, (_accuracies(77.1, 93.3, "one crop", EFFICIENTNET),)),
    "efficientnet-b1": Published(2019, (_accuracies(79.1, 94.4, "one crop", EFFICIENTNET),)),
    "efficientnet-b2": Published(2019, (_accuracies(80.1, 94.9, "one crop", EFFICIENTNET),)),
    "efficientnet-b3": Published(2019, (_accuracies(81.6, 95.7, "one crop", EFFICIENTNET),)),
    "efficientnet-b4": Published(
        2019, (_accuracies(82.9, 96.4, "one crop", EFFICIENTNET),), "4.39 G as counted; the paper says 4.2 G."
    ),
    "efficientnet-b5": Published(
        2019, (_accuracies(83.6, 96.7, "one crop", EFFICIENTNET),), "10.27 G as counted; the paper says 9.9 G."
    ),
    "efficientnet-b6": Published(2019, (_accuracies(84.0, 96.8, "one crop", EFFICIENTNET),)),
    "efficientnet-b7": Published(2019, (_accuracies(84.3, 97.0, "one crop", EFFICIENTNET),)),
    "efficientnet-b8": Published(2019, (_accuracies(85.5, 97.3, "with AdvProp", "Xie et al. 2020 (AdvProp)", MEMORY),)),
    "efficientnet-l2": Published(
        2019,
        (
            _accuracies(88.4, 98.7, "with 300 M unlabelled images", "Xie et al. 2020 (Noisy Student), table 2", MEMORY),
            _accuracies(90.2, 98.8, "with 300 M unlabelled images, 512 px", "Pham et al. 2021, table 4", LECTURE),
        ),
        "Counted at 800 px; 170.9 G at 475 px, where Noisy Student trains.",
    ),
    "efficientnetv2-s": Published(2021, (_accuracies(83.9, None, "one crop", V2),)),
    "efficientnetv2-m": Published(2021, (_accuracies(85.2, None, "one crop", V2),)),
    "efficientnetv2-l": Published(
        2021, (_accuracies(85.7, None, "one crop", V2),), "The README says 119.5 M parameters; the code has 118.5 M."
    ),
    "nfnet-f0": Published(2021, (_accuracies(83.6, 96.8, "one crop", NF, MEMORY),)),
    "nfnet-f1": Published(2021, (_accuracies(84.7, 97.1, "one crop", NF, MEMORY),)),
    "nfnet-f2": Published(2021, (_accuracies(85.1, 97.3, "one crop", NF, MEMORY),)),
    "nfnet-f3": Published(2021, (_accuracies(85.7, 97.5, "one crop", NF, MEMORY),)),
    "nfnet-f4": Published(2021, (_accuracies(85.9, 97.6, "one crop", NF, MEMORY),)),
    "nfnet-f5": Published(2021, (_accuracies(86.0, 97.6, "one crop", NF, MEMORY),)),
    "nfnet-f6": Published(2021, (_accuracies(86.0, 97.6, "one crop", NF, MEMORY),)),
}

FUSION = (
    "Trimps-Soushen won ILSVRC-2016 with the fused scores of inception-v3, inception-v4, inception-resnet-v2, "
    "preact-resnet-200 and WRN-68-3: 2.99 % top-5 error on the test server (lecture). What was published of "
    "WRN-68-3 does not suffice to rebuild it."
)
