"""ComfyUI nodes that join a workflow to the endpoint's API."""

from .api_nodes import ApiInput, ApiOutput
from .path_nodes import (
    ImageTensorToPath,
    PathToImageTensor,
    PathToTensor,
    PathToVideoTensor,
    VideoTensorToPath,
)
from .prompt_card import PromptCard

NODE_CLASS_MAPPINGS = {
    "ApiInput": ApiInput,
    "ApiOutput": ApiOutput,
    "PathToTensor": PathToTensor,
    "PathToImageTensor": PathToImageTensor,
    "PathToVideoTensor": PathToVideoTensor,
    "ImageTensorToPath": ImageTensorToPath,
    "VideoTensorToPath": VideoTensorToPath,
    "PromptCard": PromptCard,
}
NODE_DISPLAY_NAME_MAPPINGS = {
    "ApiInput": "ComfyEndpoints API Input",
    "ApiOutput": "ComfyEndpoints API Output",
    "PathToTensor": "Path To Tensor",
    "PathToImageTensor": "Path To Image Tensor",
    "PathToVideoTensor": "Path To Video Tensor",
    "ImageTensorToPath": "Image Tensor To Path",
    "VideoTensorToPath": "Video Tensor To Path",
    "PromptCard": "ComfyEndpoints Prompt Card",
}
