#version 330
// The supersampled frame to the image: colour through a tent filter, measures from the sample at the pixel's centre.

uniform sampler2D fine_picture;
uniform sampler2D fine_measure;

layout(location = 0) out vec4 picture;
layout(location = 1) out vec2 measure;

void main() {
    ivec2 centre = ivec2(gl_FragCoord.xy) * 2 + 1;
    measure = texelFetch(fine_measure, centre, 0).rg;
    vec3 sum = vec3(0.0);
    for (int y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            sum += float((2 - abs(x)) * (2 - abs(y))) * texelFetch(fine_picture, centre + ivec2(x, y), 0).rgb;
    picture = vec4(sum / 16.0, 1.0);
}
