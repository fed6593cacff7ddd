#version 330
// World geometry into a frame whose row 0 is the image's top row.

uniform mat4 clip_from_world;

in vec3 position;
in vec2 uv;
in vec4 surface;     // unit normal as bytes about 128, gloss
in vec4 colour;      // square root of the linear base colour, glow
in uvec2 labels;     // instance id, texture layer + 1

out vec3 world;
out vec2 texture_at;
out vec3 normal;
flat out vec4 base;
flat out float gloss;
flat out uvec2 label;

void main() {
    world = position;
    texture_at = uv;
    normal = (surface.xyz * 255.0 - 128.0) / 127.0;
    gloss = surface.w;
    base = vec4(colour.rgb * colour.rgb, colour.a);
    label = labels;
    gl_Position = clip_from_world * vec4(position, 1.0);
}
