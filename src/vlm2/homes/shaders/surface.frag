#version 330
// Lit colour, and beside it the depth along the camera's axis with the instance id.

uniform sampler2DArray textures;
uniform sampler3D light;       // direct light that arrives, weight
uniform sampler3D direction;   // mean direction to that light, light bounced about; both times the weight of what is air
uniform vec3 grid_origin;      // metres, the corner of the first cell
uniform vec3 grid_scale;       // texture coordinates a metre
uniform float cell;            // metres
uniform vec3 eye;
uniform vec3 forward;
uniform float exposure;

in vec3 world;
in vec2 texture_at;
in vec3 normal;
flat in vec4 base;
flat in float gloss;
flat in uvec2 label;

layout(location = 0) out vec4 picture;
layout(location = 1) out vec2 measure;

// sRGB to linear light, to a hundredth, without a power.
vec3 linear(vec3 c) { return c * (0.0125 + c * (0.6822 + c * 0.3053)); }

void main() {
    vec3 away = world - eye;
    vec3 n = normalize(normal);
    n = dot(n, away) > 0.0 ? -n : n;

    // One cell and a half off the surface the grid is open air, and what it holds there is what the surface gets.
    vec3 at = (world + n * (1.6 * cell) - grid_origin) * grid_scale;
    vec4 direct = texture(light, at);
    vec4 towards = texture(direction, at);
    vec3 arriving = direct.rgb / direct.a;
    towards /= direct.a;
    float facing = max(dot(n, towards.xyz), 0.0);

    vec3 albedo = base.rgb;
    if (label.y > 0u) albedo *= linear(texture(textures, vec3(texture_at, float(label.y - 1u))).rgb);

    float sky = 0.85 + 0.15 * n.z;
    vec3 lit = albedo * (arriving * (0.15 + 0.85 * facing) + towards.w * sky);
    if (gloss > 0.0) {
        vec3 mirrored = reflect(normalize(away), n);
        float hit = max(dot(mirrored, towards.xyz), 0.0);
        lit += gloss * arriving * 0.6 * hit * hit * hit * hit * hit * hit * hit * hit;
    }
    lit = lit * exposure + base.rgb * base.a;
    lit = (lit * (2.51 * lit + 0.03)) / (lit * (2.43 * lit + 0.59) + 0.14);
    picture = vec4(pow(clamp(lit, 0.0, 1.0), vec3(1.0 / 2.2)), 1.0);
    measure = vec2(dot(away, forward), float(label.x));
}
