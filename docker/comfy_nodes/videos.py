"""Videos: between files and frames in a tensor. At no time are there two copies of all frames."""

from fractions import Fraction

from .audio import AudioTrack
from .images import pixels_of

USUAL_FPS = 24.0
VIDEO_SUFFIXES = (".mp4", ".mov", ".webm", ".mkv", ".avi", ".m4v")
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".m4v": ("libx264", "aac"),
    ".mov": ("libx264", "aac"),
    ".mkv": ("libx264", "aac"),
    ".webm": ("libvpx-vp9", "libopus"),
}


def read_video(path, max_frames, resize_width, resize_height):
    """Frames of shape [frames, height, width, 3], and how many of them make a second; all frames for 0."""
    import av
    import numpy
    import torch

    try:
        with av.open(str(path)) as container:
            stream = video_stream(container, path)
            fps = float(stream.average_rate or 0) or USUAL_FPS
        count = frame_bound(path)
        if max_frames > 0:
            count = min(count, max_frames)
        frames, read = None, 0
        with av.open(str(path)) as container:
            stream = video_stream(container, path)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                picture = rgb(frame, resize_width, resize_height)
                if frames is None:
                    frames = numpy.empty((max(count, 1), *picture.shape), numpy.float32)
                if read == len(frames):
                    # More frames than packets: the memory grows where it is.
                    frames.resize((2 * read, *picture.shape), refcheck=False)
                numpy.divide(picture, 255, out=frames[read], dtype=numpy.float32)
                read += 1
                if read == max_frames:
                    break
    except av.FFmpegError as error:
        raise ValueError(f"{path.name} is no video that can be read: {error.strerror}") from error
    if frames is None:
        raise ValueError(f"{path.name} holds no frames")
    return torch.from_numpy(frames[:read]), fps


def video_stream(container, path):
    if not container.streams.video:
        raise ValueError(f"{path.name} holds no video")
    return container.streams.video[0]


def frame_bound(path):
    """How many frames there are at most: counted, for what a file says of itself may be wrong."""
    import av

    with av.open(str(path)) as container:
        return sum(1 for packet in container.demux(container.streams.video[0]) if packet.size)


def rgb(frame, resize_width, resize_height):
    """A frame as bytes of shape [height, width, 3]: upright, as cameras say, and of the size that is wanted."""
    import numpy

    quarters = round(getattr(frame, "rotation", 0) / 90) % 4
    lies = quarters % 2 == 1
    size = (frame.height, frame.width) if lies else (frame.width, frame.height)
    width, height = resized(*size, resize_width, resize_height)
    if (width, height) == size:
        picture = frame.to_ndarray(format="rgb24")
    else:
        across, down = (height, width) if lies else (width, height)
        picture = frame.reformat(width=across, height=down, format="rgb24", interpolation="AREA").to_ndarray()
    return numpy.rot90(picture, quarters)


def resized(width, height, to_width, to_height):
    """The size to make of another: 0 leaves a side to the other one and the proportions, two leave all as it is."""
    if to_width > 0 and to_height > 0:
        return to_width, to_height
    if to_width > 0:
        return to_width, max(1, round(height * to_width / width))
    if to_height > 0:
        return max(1, round(width * to_height / height)), to_height
    return width, height


def write_video(path, frames, fps, audio=None):
    """Writes frames, and sound that keeps pace with them, in the format that the file's suffix names."""
    import av

    if path.suffix.lower() not in CODECS:
        raise ValueError(f'a video cannot be written as "{path.name}"; end it with {", ".join(CODECS)}')
    video_codec, audio_codec = CODECS[path.suffix.lower()]
    # Players in browsers begin before they have all of it.
    options = {"movflags": "+faststart"} if path.suffix.lower() in (".mp4", ".m4v", ".mov") else {}
    with av.open(str(path), "w", options=options) as container:
        stream = track = None
        for index, picture in enumerate(pixels_of(frames)):
            if stream is None:
                stream = container.add_stream(video_codec, rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = even(picture.shape)
                stream.pix_fmt = "yuv420p"
                if audio is not None:
                    track = AudioTrack(container, audio_codec, audio["waveform"][0], audio["sample_rate"])
            frame = av.VideoFrame.from_ndarray(three_channels(picture)[: stream.height, : stream.width], format="rgb24")
            container.mux(stream.encode(frame))
            if track is not None:
                track.write((index + 1) / fps)
        if stream is None:
            raise ValueError("there are no frames to make a video of")
        container.mux(stream.encode(None))
        if track is not None:
            track.close()


def even(shape):
    """Height and width without the last odd row and column, which the codecs do not take."""
    height, width = shape[0] // 2 * 2, shape[1] // 2 * 2
    if height == 0 or width == 0:
        raise ValueError(f"a video has at least 2 by 2 pixels, and these frames have {shape[1]} by {shape[0]}")
    return height, width


def three_channels(picture):
    import numpy

    if picture.ndim == 2:
        picture = picture[..., None]
    if picture.shape[-1] == 1:
        picture = numpy.repeat(picture, 3, axis=-1)
    return numpy.ascontiguousarray(picture[..., :3])
