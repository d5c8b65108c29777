"""Nodes between files and tensors, for media that come from the API and go back to it."""

from pathlib import Path

from .audio import read_audio
from .folders import readable_file, writable_file
from .images import FORMATS_BY_SUFFIX, pixels_of, read_image, save_image
from .videos import VIDEO_SUFFIXES, read_video, write_video

SIDE = {"default": 0, "min": 0, "max": 8192}
# Workflows written by hand leave out what is optional.
VIDEO_INPUTS = {
    "required": {"path": ("STRING", {"default": ""})},
    "optional": {
        "max_frames": ("INT", {"default": 0, "min": 0, "max": 1_048_576}),
        "resize_width": ("INT", SIDE),
        "resize_height": ("INT", SIDE),
    },
}


class PathToTensor:
    """A picture or a video, told apart by the file's suffix."""

    CATEGORY = "ComfyEndpoints/Path"
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE", "STRING", "INT", "FLOAT")
    RETURN_NAMES = ("tensor", "media_kind", "frame_count", "fps")

    @classmethod
    def INPUT_TYPES(cls):
        return VIDEO_INPUTS

    def run(self, path, max_frames=0, resize_width=0, resize_height=0):
        file = readable_file(path, "Path To Tensor")
        if file.suffix.lower() in VIDEO_SUFFIXES:
            frames, fps = read_video(file, max_frames, resize_width, resize_height)
            return frames, "video", len(frames), fps
        return read_image(file), "image", 1, 0.0


class PathToImageTensor:
    CATEGORY = "ComfyEndpoints/Path"
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("image",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"path": ("STRING", {"default": ""})}}

    def run(self, path):
        return (read_image(readable_file(path, "Path To Image Tensor")),)


class PathToVideoTensor:
    """The frames of a video and, of those frames, the sound: none where the video has none."""

    CATEGORY = "ComfyEndpoints/Path"
    FUNCTION = "run"
    RETURN_TYPES = ("IMAGE", "INT", "FLOAT", "AUDIO")
    RETURN_NAMES = ("frames", "frame_count", "fps", "audio")

    @classmethod
    def INPUT_TYPES(cls):
        return VIDEO_INPUTS

    def run(self, path, max_frames=0, resize_width=0, resize_height=0):
        file = readable_file(path, "Path To Video Tensor")
        frames, fps = read_video(file, max_frames, resize_width, resize_height)
        return frames, len(frames), fps, read_audio(file, len(frames) / fps)


class ImageTensorToPath:
    """Writes the first picture of a batch."""

    CATEGORY = "ComfyEndpoints/Path"
    FUNCTION = "run"
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("path",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"image": ("IMAGE", {})},
            "optional": {"path": ("STRING", {"default": ""}), "format": ("STRING", {"default": "png"})},
        }

    @classmethod
    def IS_CHANGED(cls, path="", **_inputs):
        return path_fingerprint(path)

    def run(self, image, path="", format="png"):
        suffix = Path(path.strip()).suffix.lower() if path.strip() else f".{format.strip().lower().lstrip('.')}"
        if suffix not in FORMATS_BY_SUFFIX:
            raise ValueError(f'an image cannot be saved as "{suffix}"; use {", ".join(FORMATS_BY_SUFFIX)}')
        file = writable_file(path, suffix, "the path of Image Tensor To Path")
        save_image(next(pixels_of(image)), file, FORMATS_BY_SUFFIX[suffix])
        return (str(file),)


class VideoTensorToPath:
    """Writes frames as a video, with sound where it is connected."""

    CATEGORY = "ComfyEndpoints/Path"
    FUNCTION = "run"
    RETURN_TYPES = ("STRING",)
    RETURN_NAMES = ("path",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"frames": ("IMAGE", {})},
            "optional": {
                "path": ("STRING", {"default": ""}),
                "fps": ("FLOAT", {"default": 24.0, "min": 1.0, "max": 240.0}),
                "audio": ("AUDIO", {}),
            },
        }

    @classmethod
    def IS_CHANGED(cls, path="", **_inputs):
        return path_fingerprint(path)

    def run(self, frames, path="", fps=24.0, audio=None):
        file = writable_file(path, ".mp4", "the path of Video Tensor To Path")
        write_video(file, frames, fps, audio)
        return (str(file),)


def path_fingerprint(path):
    """Temporary files go with their prompt: a later one must not be told of them from ComfyUI's cache."""
    return path if (path or "").strip() else float("nan")
