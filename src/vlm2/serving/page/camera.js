// Frames of a camera, sent over a WebSocket while it is on; and the choice of the camera, where there are several.

import { framesSocket } from "./api.js";

const SIDE = 640; // pixels of the longer side of a frame
const BEHIND = 2_000_000; // bytes that may wait in the socket; then frames are left out

export class Camera {
  constructor(preview, choice, onState, onEnd) {
    Object.assign(this, { preview, choice, onState, onEnd, stream: null });
    choice.onchange = () => this.stop();
    this.offer();
  }

  // Offer the cameras by name. The browser tells their names once it was allowed to use one.
  async offer() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const cameras = devices.filter(({ kind, label }) => kind === "videoinput" && label);
    const chosen = this.stream?.getVideoTracks()[0].getSettings().deviceId ?? this.choice.value;
    this.choice.replaceChildren(...cameras.map(({ label, deviceId }) => new Option(label, deviceId)));
    if (cameras.some(({ deviceId }) => deviceId === chosen)) this.choice.value = chosen;
    this.choice.hidden = cameras.length < 2;
  }

  get on() {
    return this.stream !== null;
  }

  // Begin to send `rate` frames a second; times count on from `start` seconds.
  async start(id, start, rate) {
    this.every = 1000 / rate; // milliseconds
    if (!navigator.mediaDevices) {
      throw new Error("The browser gives the camera to pages on this machine or over https only. Upload a video instead.");
    }
    const chosen = this.choice.hidden ? { facingMode: "environment" } : { deviceId: { exact: this.choice.value } };
    const wanted = { ...chosen, width: { ideal: 1280 } };
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
    } catch (error) {
      throw new Error(`There is no camera to use: ${error.message}.`);
    }
    this.offer();
    this.preview.srcObject = this.stream;
    this.preview.hidden = false;
    await this.preview.play();
    this.socket = framesSocket(id);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = ({ data }) => this.onState(JSON.parse(data));
    this.socket.onclose = () => this.stop();
    this.began = performance.now() - 1000 * start;
    this.send();
  }

  // Send one frame after the other, so that they arrive in order.
  async send() {
    const begun = performance.now();
    await this.sendFrame();
    if (this.on) this.timer = setTimeout(() => this.send(), Math.max(this.every - (performance.now() - begun), 0));
  }

  async sendFrame() {
    const { videoWidth: width, videoHeight: height } = this.preview;
    if (this.socket.readyState !== WebSocket.OPEN || !width || this.socket.bufferedAmount > BEHIND) return;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
    canvas.getContext("2d").drawImage(this.preview, 0, 0, canvas.width, canvas.height);
    const time = (performance.now() - this.began) / 1000;
    const picture = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    const head = new DataView(new ArrayBuffer(8));
    head.setFloat64(0, time, true);
    if (this.on && picture) this.socket.send(await new Blob([head, picture]).arrayBuffer());
  }

  stop() {
    if (!this.on) return;
    clearTimeout(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
    this.stream = null;
    this.preview.hidden = true;
    this.preview.srcObject = null;
    this.socket.close();
    this.onEnd();
  }
}
