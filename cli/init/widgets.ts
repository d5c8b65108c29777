import type { ObjectInfo } from "./object-info.ts";
import type { UiNode } from "./ui-format.ts";

/**
 * Widgets of ComfyUI's own nodes and of ours, in the order in which the editor saves their values: it saves no names. Nodes that are
 * not listed need `object_info`, or an editor that saves the widgets as inputs.
 */
const coreWidgets: Record<string, readonly string[]> = Object.fromEntries(
  `
BasicScheduler scheduler steps denoise
CFGGuider cfg
CheckpointLoader config_name ckpt_name
CheckpointLoaderSimple ckpt_name
CLIPLoader clip_name type device
CLIPSetLastLayer stop_at_clip_layer
CLIPTextEncode text
CLIPTextEncodeFlux clip_l t5xxl guidance
CLIPTextEncodeSDXL width height crop_w crop_h target_width target_height text_g text_l
CLIPVisionEncode crop
CLIPVisionLoader clip_name
ConditioningAverage conditioning_to_strength
ConditioningSetArea width height x y strength
ConditioningSetTimestepRange start end
ControlNetApply strength
ControlNetApplyAdvanced strength start_percent end_percent
ControlNetLoader control_net_name
CreateVideo fps
DualCLIPLoader clip_name1 clip_name2 type device
EmptyHunyuanLatentVideo width height length batch_size
EmptyImage width height batch_size color
EmptyLatentAudio seconds batch_size
EmptyLatentImage width height batch_size
EmptyLTXVLatentVideo width height length batch_size
EmptySD3LatentImage width height batch_size
FluxGuidance guidance
FreeU_V2 b1 b2 s1 s2
ImageCrop width height x y
ImagePadForOutpaint left top right bottom feathering
ImageScale upscale_method width height crop
ImageScaleBy upscale_method scale_by
ImageScaleToTotalPixels upscale_method megapixels
KSampler seed steps cfg sampler_name scheduler denoise
KSamplerAdvanced add_noise noise_seed steps cfg sampler_name scheduler start_at_step end_at_step return_with_leftover_noise
KSamplerSelect sampler_name
LatentUpscale upscale_method width height crop
LatentUpscaleBy upscale_method scale_by
LoadAudio audio
LoadImage image
LoadImageMask image channel
LoadVideo file
LoraLoader lora_name strength_model strength_clip
LoraLoaderModelOnly lora_name strength_model
ModelSamplingAuraFlow shift
ModelSamplingFlux max_shift base_shift width height
ModelSamplingSD3 shift
QuadrupleCLIPLoader clip_name1 clip_name2 clip_name3 clip_name4
RandomNoise noise_seed
RepeatLatentBatch amount
SamplerCustom add_noise noise_seed cfg
SaveAnimatedPNG filename_prefix fps compress_level
SaveAnimatedWEBP filename_prefix fps lossless quality method
SaveAudio filename_prefix
SaveAudioMP3 filename_prefix quality
SaveImage filename_prefix
SaveVideo filename_prefix format codec
SaveWEBM filename_prefix codec fps crf
StyleModelApply strength strength_type
StyleModelLoader style_model_name
TripleCLIPLoader clip_name1 clip_name2 clip_name3
UNETLoader unet_name weight_dtype
UpscaleModelLoader model_name
VAEDecodeTiled tile_size overlap temporal_size temporal_overlap
VAEEncodeForInpaint grow_mask_by
VAEEncodeTiled tile_size overlap temporal_size temporal_overlap
VAELoader vae_name
WanImageToVideo width height length batch_size
ApiInput name type required value
ApiOutput name type value filename_prefix
ImageTensorToPath path format
PathToImageTensor path
PathToTensor path max_frames resize_width resize_height
PathToVideoTensor path max_frames resize_width resize_height
PromptCard prompt width height
VideoTensorToPath path fps
`
    .trim()
    .split("\n")
    .map((line) => line.split(" "))
    .map(([type = "", ...names]) => [type, names]),
);

/** What a seed's widget is followed by: what the editor does to it after a run. */
const afterGenerate = ["fixed", "increment", "decrement", "randomize"];

/** The values of a node's widgets by name; undefined when nothing tells their names. */
export function widgetValues(node: UiNode, info: ObjectInfo): Record<string, unknown> | undefined {
  const { type, inputs, widgets_values: saved } = node;
  if (saved === undefined || saved === null) return {};
  if (!Array.isArray(saved)) return saved;
  if (saved.length === 0) return {};
  const known = info.widgets(type) ?? coreWidgets[type];
  if (known !== undefined) return assign(known, saved).values;
  // An older editor saves only those as inputs that were made inputs: their names are not all there are.
  const named = assign(
    inputs.flatMap(({ widget }) => widget?.name ?? []),
    saved,
  );
  return named.rest === 0 ? named.values : undefined;
}

/** @returns the values by name, and how many of them have none */
function assign(names: readonly string[], saved: readonly unknown[]) {
  const values: Record<string, unknown> = {};
  let at = 0;
  for (const name of names) {
    if (at >= saved.length) break;
    values[name] = saved[at];
    const next = saved[at + 1];
    at += typeof saved[at] === "number" && typeof next === "string" && afterGenerate.includes(next) ? 2 : 1;
  }
  return { values, rest: saved.length - at };
}
