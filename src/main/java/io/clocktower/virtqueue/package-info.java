/** Virtqueues from the device's side. VIRTIO 1.4, "Virtqueues", "Split Virtqueues". */
package io.clocktower.virtqueue;
