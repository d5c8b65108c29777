/** Where models are from that many workflows name; a workflow's own word on a model comes first. */

const huggingFace = "https://huggingface.co";
const fluxEncoders = `${huggingFace}/comfyanonymous/flux_text_encoders/resolve/main`;
const wan = `${huggingFace}/Comfy-Org/Wan_2.1_ComfyUI_repackaged/resolve/main/split_files`;
const zImage = `${huggingFace}/Comfy-Org/z_image_turbo/resolve/main/split_files`;

export const knownModels: Partial<Record<string, string>> = {
  "v1-5-pruned-emaonly-fp16.safetensors": `${huggingFace}/Comfy-Org/stable-diffusion-v1-5-archive/resolve/main/v1-5-pruned-emaonly-fp16.safetensors`,
  "sd_xl_base_1.0.safetensors": `${huggingFace}/stabilityai/stable-diffusion-xl-base-1.0/resolve/main/sd_xl_base_1.0.safetensors`,
  "flux1-schnell-fp8.safetensors": `${huggingFace}/Comfy-Org/flux1-schnell/resolve/main/flux1-schnell-fp8.safetensors`,
  "flux1-dev-fp8.safetensors": `${huggingFace}/Comfy-Org/flux1-dev/resolve/main/flux1-dev-fp8.safetensors`,
  "clip_l.safetensors": `${fluxEncoders}/clip_l.safetensors`,
  "t5xxl_fp16.safetensors": `${fluxEncoders}/t5xxl_fp16.safetensors`,
  "t5xxl_fp8_e4m3fn.safetensors": `${fluxEncoders}/t5xxl_fp8_e4m3fn.safetensors`,
  "t5xxl_fp8_e4m3fn_scaled.safetensors": `${fluxEncoders}/t5xxl_fp8_e4m3fn_scaled.safetensors`,
  "ae.safetensors": `${zImage}/vae/ae.safetensors`,
  "qwen_3_4b.safetensors": `${zImage}/text_encoders/qwen_3_4b.safetensors`,
  "z_image_turbo_bf16.safetensors": `${zImage}/diffusion_models/z_image_turbo_bf16.safetensors`,
  "wan_2.1_vae.safetensors": `${wan}/vae/wan_2.1_vae.safetensors`,
  "clip_vision_h.safetensors": `${wan}/clip_vision/clip_vision_h.safetensors`,
  "umt5_xxl_fp8_e4m3fn_scaled.safetensors": `${wan}/text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors`,
};

/** Packs of nodes, by how the classes of their nodes are called. */
export const knownPacks: readonly (readonly [classes: RegExp, repository: string])[] = [
  [/^VHS_/, "https://github.com/Kosinkadink/ComfyUI-VideoHelperSuite.git"],
  [/^WanVideo/, "https://github.com/kijai/ComfyUI-WanVideoWrapper.git"],
  [/KJ(v\d+)?$/, "https://github.com/kijai/ComfyUI-KJNodes.git"],
  [/^ADE_/, "https://github.com/Kosinkadink/ComfyUI-AnimateDiff-Evolved.git"],
  [/^(UnetLoaderGGUF|CLIPLoaderGGUF|DualCLIPLoaderGGUF)$/, "https://github.com/city96/ComfyUI-GGUF.git"],
];
