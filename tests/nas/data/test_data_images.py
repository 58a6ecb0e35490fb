"""One image file: every kind of file has a defined outcome."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from random_images import drawn

from nas.data.by_name import load_data
from nas.data.images import read_image
from search_spaces import UserError


def saved(path, image, **options):
    image.save(path, **options)
    return path


def message_of(path):
    try:
        corner(path)
    except UserError as error:
        return str(error)
    return ""


def corner(path, channels=3, side=8):
    """The first pixel."""
    image = read_image(path, side, channels)
    assert (image.shape, image.dtype) == ((channels, side, side), np.uint8)
    return tuple(image[:, 0, 0].tolist())


@pytest.mark.parametrize(
    ("mode", "colour", "rgb"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (200, 127), (100, 100, 100)),
        ("RGB", (10, 20, 30), (10, 20, 30)),
        ("RGBA", (200, 100, 0, 0), (0, 0, 0)),
    ],
)
def test_modes_become_rgb(tmp_path, mode, colour, rgb):
    assert corner(saved(tmp_path / "a.png", Image.new(mode, (8, 8), colour))) == rgb


def test_colour_becomes_grey_by_luminance(tmp_path):
    assert corner(saved(tmp_path / "a.png", Image.new("RGB", (8, 8), (255, 0, 0))), channels=1) == (76,)


def test_palettes_are_resolved_and_their_transparency_is_black(tmp_path):
    palette = Image.new("RGB", (8, 8), (200, 10, 10)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert corner(saved(tmp_path / "a.png", palette)) == (200, 10, 10)
    assert corner(saved(tmp_path / "b.png", palette, transparency=palette.getpixel((0, 0)))) == (0, 0, 0)
    assert corner(saved(tmp_path / "c.png", palette, transparency=bytes(256))) == (0, 0, 0)


def test_sixteen_bits_and_floats_become_eight(tmp_path):
    deep = Image.fromarray(np.full((8, 8), 100 * 257, dtype=np.uint16))
    assert corner(saved(tmp_path / "a.png", deep), 1) == (100,)
    assert corner(saved(tmp_path / "b.tif", deep), 1) == (100,)
    real = Image.fromarray(np.full((8, 8), 99.6, dtype=np.float32))
    assert corner(saved(tmp_path / "c.tif", real), 1) == (100,)


def test_cmyk_becomes_rgb(tmp_path):
    red = corner(saved(tmp_path / "a.jpg", Image.new("CMYK", (8, 8), (0, 255, 255, 0)), quality=95))
    assert red[0] > 240
    assert max(red[1:]) < 15


def test_the_first_frame_of_an_animation_counts(tmp_path):
    first, second = Image.new("RGB", (8, 8), (250, 0, 0)), Image.new("RGB", (8, 8), (0, 0, 250))
    path = saved(tmp_path / "a.gif", first, save_all=True, append_images=[second])
    assert corner(path) == (250, 0, 0)


def test_the_orientation_of_the_camera_is_applied(tmp_path):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:4] = 255  # the upper half
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    turned = read_image(saved(tmp_path / "a.jpg", Image.fromarray(pixels), exif=exif, quality=95), 8, 3)
    assert turned[:, :, 5:].min() > 240
    assert turned[:, :, :3].max() < 15


def test_a_broken_note_on_orientation_counts_as_none(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.new("RGB", (8, 8), (99, 99, 99)), exif=b"Exif\0\0nonsense")
    assert corner(path) == (99, 99, 99)


@pytest.mark.parametrize("size", [(40, 16), (16, 40)])
def test_the_centre_is_kept(tmp_path, size):
    pixels = np.zeros((*size[::-1], 3), dtype=np.uint8)
    pixels[size[1] // 2 - 1 : size[1] // 2 + 1, size[0] // 2 - 1 : size[0] // 2 + 1] = 255
    image = read_image(saved(tmp_path / "a.png", Image.fromarray(pixels)), 8, 1)
    assert image[0, 3:5, 3:5].min() > 60
    assert image[0, :, 0].max() == 0


@pytest.mark.parametrize("kind", ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm"])
@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own words on a TIFF
def test_a_truncated_file_is_named_or_read_never_a_crash(tmp_path, kind):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8))
    whole = saved(tmp_path / f"whole.{kind}", noise).read_bytes()
    path = tmp_path / f"cut.{kind}"
    for keep in range(0, len(whole), 7):
        path.write_bytes(whole[:keep])
        message = message_of(path)
        assert f"{path.name} is not a readable image" in message or (keep > len(whole) // 2 and not message)


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    for name in ("a.png", "missing.png"):
        with pytest.raises(UserError, match=rf"{name} is not a readable image"):
            read_image(tmp_path / name, 8, 3)


def test_an_image_of_too_many_pixels_is_named(tmp_path, monkeypatch):
    path = saved(tmp_path / "bomb.png", Image.new("1", (64, 64)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(UserError, match=r"bomb\.png is not a readable image: .*4096 pixels"):
        read_image(path, 8, 1)


def test_a_folder_uses_the_same_rule(tmp_path):
    data = load_data(f"folder:{drawn(tmp_path / 'photos')}")
    read = [read_image(path, 8, 3) for path in (tmp_path / "photos").rglob("*.png")]
    images = np.concatenate([split.images for split in (data.train, data.val, data.test)])
    assert {image.tobytes() for image in read} == {image.tobytes() for image in images}


def test_an_image_of_bytes_unlike_its_suffix_is_read(tmp_path):
    packed = io.BytesIO()
    Image.new("L", (8, 8), 50).save(packed, "png")
    (tmp_path / "a.jpg").write_bytes(packed.getvalue())
    assert corner(tmp_path / "a.jpg", 1) == (50,)
