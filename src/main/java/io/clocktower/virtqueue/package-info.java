/** Virtqueues from the device's side. VIRTIO 1.4, "Virtqueues", "Split Virtqueues", "Packed Virtqueues". */
package io.clocktower.virtqueue;
