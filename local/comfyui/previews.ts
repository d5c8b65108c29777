/** Pictures as ComfyUI sends them over its websocket: a binary message of a head and a PNG. */

const previewImage = 1;
const previewImageWithMetadata = 4;
const png = 2;

/** For clients that said nothing of metadata. */
export const plainPreview = (picture: Buffer): Buffer => Buffer.concat([head(previewImage, png), picture]);

/** Says of which node the picture is. */
export function previewWithMetadata(picture: Buffer, node_id: string, prompt_id: string): Buffer {
  const node = { node_id, prompt_id, display_node_id: node_id, parent_node_id: null, real_node_id: node_id };
  const metadata = Buffer.from(JSON.stringify({ ...node, image_type: "image/png" }));
  return Buffer.concat([head(previewImageWithMetadata, metadata.length), metadata, picture]);
}

function head(first: number, second: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(first, 0);
  bytes.writeUInt32BE(second, 4);
  return bytes;
}
