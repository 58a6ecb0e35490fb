from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def digits(tmp_path):
    """Files of twelve validation images and their labels."""
    from nas.data.by_name import load_data

    val = load_data("digits").val
    files = []
    for index in range(12):
        files.append(tmp_path / f"{index}.png")
        Image.fromarray(val.images[index, 0]).save(files[-1])
    return files, val.labels[:12]


def test_digits_are_recognised(nas, run_folder, digits):
    files, labels = digits
    predictions = nas("predict", run_folder, *files, "--json").data
    assert [prediction["image"] for prediction in predictions] == [str(file) for file in files]
    for prediction in predictions:
        shares = [row["probability"] for row in prediction["classes"]]
        assert len(shares) == 5
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-6
    right = sum(
        prediction["classes"][0]["class"] == str(label) for prediction, label in zip(predictions, labels, strict=True)
    )
    assert right >= 8


def test_the_batch_changes_nothing_and_a_study_predicts_the_same(nas, run_folder, study_folder, digits):
    files, _ = digits
    ours = nas("predict", run_folder, *files, "--json", "--batch", 5).data
    theirs = nas("predict", study_folder, *files, "--json").data
    for one, other in zip(ours, theirs, strict=True):
        assert [row["class"] for row in one["classes"]] == [row["class"] for row in other["classes"]]
        shares = [row["probability"] for row in other["classes"]]
        assert [row["probability"] for row in one["classes"]] == pytest.approx(shares, abs=1e-6)


def test_a_corrupt_image_is_named_and_the_others_are_predicted(nas, run_folder, digits, tmp_path):
    files, _ = digits
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    done = nas("predict", run_folder, files[0], bad, tmp_path / "absent.png", files[1], "--top", 2)
    assert done.code == 1
    assert "bad.png is not a readable image" in done.err
    assert "absent.png" in done.err
    assert len(done.out.splitlines()) == 6
    unreadable, readable = nas("predict", run_folder, bad, files[0], "--json").data
    assert unreadable["error"]
    assert unreadable["classes"] == []
    assert readable == nas("predict", run_folder, files[0], "--json").data[0]


def test_colour_size_and_exif(nas, run_folder, digits, tmp_path):
    """A wide colour image, stored on its side with EXIF that says so, is the image in its middle."""
    files, _ = digits
    with Image.open(files[0]) as grey:
        large = grey.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)
    large.save(tmp_path / "plain.png")
    wide = Image.new("RGB", (96, 64))
    wide.paste(large, (16, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: shown rotated by 90° clockwise
    wide.rotate(90, expand=True).save(tmp_path / "turned.png", exif=exif)
    wide.rotate(90, expand=True).save(tmp_path / "lying.png")
    predictions = nas("predict", run_folder, "plain.png", "turned.png", "lying.png", "--top", 10, "--json").data
    plain, turned, lying = ({row["class"]: row["probability"] for row in p["classes"]} for p in predictions)
    assert turned == pytest.approx(plain, abs=1e-2)  # what lies beside the crop shows in its border when resized
    assert lying != pytest.approx(plain, abs=1e-2)


def test_weights_that_do_not_say_their_classes_are_refused(nas, study_folder, digits):
    done = nas("predict", study_folder, "--weights", study_folder / "old.ckpt", digits[0][0])
    assert done.code == 2
    assert "old.ckpt" in done.err


def test_a_folder_without_weights(nas, tmp_path):
    from search_spaces import load, save

    (tmp_path / "mine").mkdir()
    save(load("resnet-18"), tmp_path / "mine" / "base.yaml", provenance={"weights": "gone.ckpt"})
    assert "mine comes without weights" in nas("predict", "mine", "x.png").err
