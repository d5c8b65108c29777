import math
import tracemalloc
from fractions import Fraction

import av
import numpy
import pytest
from conftest import tensor
from PIL import Image

from comfy_nodes.api_nodes import ApiOutput
from comfy_nodes.path_nodes import (
    ImageTensorToPath,
    PathToImageTensor,
    PathToTensor,
    PathToVideoTensor,
    VideoTensorToPath,
)


def fade(count, height=48, width=64):
    """Frames from black to white."""
    return tensor(numpy.linspace(0, 1, count)[:, None, None, None] * numpy.ones((1, height, width, 3)))


def tone(seconds, channels=2, rate=44_100):
    wave = 0.5 * numpy.sin(numpy.arange(round(seconds * rate)) * 2 * math.pi * 440 / rate)
    return {"waveform": tensor([[wave] * channels]), "sample_rate": rate}


def test_an_image_comes_back_as_it_was_written(comfy):
    image = tensor(numpy.random.default_rng(1).integers(0, 256, (1, 5, 7, 3)) / 255)
    (path,) = ImageTensorToPath().run(image)
    (back,) = PathToImageTensor().run(path)
    assert tuple(back.shape) == (1, 5, 7, 3)
    assert numpy.allclose(back.numpy(), image.numpy(), atol=1e-6)


def test_a_path_decides_the_format_of_an_image_and_its_folder_is_made(comfy):
    (path,) = ImageTensorToPath().run(fade(1), "cards/new/card.webp", "png")
    assert path == str(comfy.output / "cards/new/card.webp")
    assert Image.open(path).format == "WEBP"


def test_an_image_is_read_upright_in_rgb_from_16_bits_too(comfy):
    rotated = Image.Exif()
    rotated[0x0112] = 6
    Image.new("RGB", (4, 2)).save(comfy.lent / "photo.jpg", exif=rotated)
    assert tuple(PathToImageTensor().run(str(comfy.lent / "photo.jpg"))[0].shape) == (1, 4, 2, 3)
    Image.fromarray(numpy.full((2, 2), 0x8000, numpy.uint16)).save(comfy.lent / "deep.png")
    assert float(PathToImageTensor().run(str(comfy.lent / "deep.png"))[0].max()) == pytest.approx(128 / 255)


def test_a_video_comes_back_with_its_frames_speed_and_sound(comfy):
    (path,) = VideoTensorToPath().run(fade(30), "", 15.0, tone(2))
    frames, count, fps, audio = PathToVideoTensor().run(path)
    assert (tuple(frames.shape), count, fps) == ((30, 48, 64, 3), 30, 15.0)
    assert numpy.abs(frames.numpy() - fade(30).numpy()).max() < 0.04
    assert audio["sample_rate"] == 44_100
    assert tuple(audio["waveform"].shape) == (1, 2, 88_200)
    assert 0.4 < float(audio["waveform"].max()) < 0.6


def test_a_video_without_sound_has_none(comfy):
    (path,) = VideoTensorToPath().run(fade(3))
    assert PathToVideoTensor().run(path)[3] is None


def test_sound_ends_with_the_frames_that_are_read(comfy):
    (path,) = VideoTensorToPath().run(fade(30), "", 15.0, tone(2))
    frames, count, _, audio = PathToVideoTensor().run(path, max_frames=15)
    assert len(frames) == count == 15
    assert audio["waveform"].shape[-1] == 44_100


@pytest.mark.parametrize("suffix, codec", [("mp4", "h264"), ("mov", "h264"), ("mkv", "h264"), ("webm", "vp9")])
def test_a_path_decides_the_format_of_a_video(comfy, suffix, codec):
    (path,) = VideoTensorToPath().run(fade(4), f"clip.{suffix}", 24.0, tone(0.1, channels=1))
    with av.open(path) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == (codec, "yuv420p")
        assert len(container.streams.audio) == 1


def test_a_video_of_odd_size_loses_a_row_and_a_column(comfy):
    (path,) = VideoTensorToPath().run(fade(2, 33, 47))
    assert tuple(PathToVideoTensor().run(path)[0].shape) == (2, 32, 46, 3)


def test_a_video_keeps_a_speed_that_is_no_whole_number(comfy):
    (path,) = VideoTensorToPath().run(fade(4), "", 30_000 / 1001)
    with av.open(path) as container:
        assert container.streams.video[0].average_rate == Fraction(30_000, 1001)


@pytest.mark.parametrize(
    "sides, size",
    [((0, 0), (48, 64)), ((32, 20), (20, 32)), ((32, 0), (24, 32)), ((0, 24), (24, 32)), ((1, 0), (1, 1))],
)
def test_a_video_is_resized(comfy, sides, size):
    (path,) = VideoTensorToPath().run(fade(2))
    assert tuple(PathToVideoTensor().run(path, 0, *sides)[0].shape) == (2, *size, 3)


def test_pictures_and_videos_are_told_apart(comfy):
    (video,), (image,) = VideoTensorToPath().run(fade(3)), ImageTensorToPath().run(fade(1))
    assert PathToTensor().run(video, max_frames=2)[1:] == ("video", 2, 24.0)
    assert PathToTensor().run(image)[1:] == ("image", 1, 0.0)


def test_all_frames_are_held_once(comfy):
    count, height, width = 60, 240, 320
    (path,) = VideoTensorToPath().run(fade(count, height, width))
    size = count * height * width * 3 * 4
    tracemalloc.start()
    frames = PathToVideoTensor().run(path)[0]
    _, reading = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    VideoTensorToPath().run(frames)
    _, writing = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading < 1.2 * size
    assert writing - before < 0.2 * size


@pytest.mark.parametrize("kind, suffix", [("audio/wav", ".wav"), ("audio/flac", ".flac"), ("audio/mpeg", ".mp3")])
def test_an_output_saves_sound_in_the_format_of_its_type(comfy, kind, suffix):
    (entry,) = ApiOutput().run("voice", kind, value=tone(1))["ui"]["audio"]
    assert entry["filename"] == f"voice_00001_{suffix}"
    with av.open(str(comfy.output_file(entry))) as container:
        seconds = sum(frame.samples for frame in container.decode(audio=0)) / container.streams.audio[0].rate
    assert seconds == pytest.approx(1, abs=0.06)


def test_sound_in_a_format_that_is_not_known_is_refused(comfy):
    with pytest.raises(ValueError, match='sound cannot be saved as "audio/midi"; use audio/wav'):
        ApiOutput().run("voice", "audio/midi", value=tone(1))


@pytest.mark.parametrize("node", [PathToImageTensor, PathToVideoTensor, PathToTensor])
def test_what_is_no_picture_or_video_is_named(comfy, node):
    for name in ("notes.png", "notes.mp4"):
        (comfy.input / name).write_text("no media")
        with pytest.raises(ValueError, match=r"notes.* is no (picture|video) that can be read"):
            node().run(name)


@pytest.mark.parametrize(
    "run, message",
    [
        (lambda: ImageTensorToPath().run(fade(1), "", "gif"), 'an image cannot be saved as ".gif"; use .png'),
        (lambda: VideoTensorToPath().run(fade(1), "clip.txt"), 'a video cannot be written as "clip.txt"; end it with'),
        (lambda: VideoTensorToPath().run(fade(1, 1, 8)), "at least 2 by 2 pixels, and these frames have 8 by 1"),
        (lambda: VideoTensorToPath().run(fade(1)[:0]), "there are no frames"),
    ],
)
def test_what_cannot_be_written_is_named(comfy, run, message):
    with pytest.raises(ValueError, match=message):
        run()
