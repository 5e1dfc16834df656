/** The RTC device: its requests, and the clocks that answer them. VIRTIO 1.4, "RTC Device". */
package io.clocktower.rtc;
