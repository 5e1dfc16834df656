/** Clocktower in a pod of KubeVirt: hooks over gRPC that add the device to a VM's domain, and what its annotations ask for. */
package io.clocktower.kubevirt;
