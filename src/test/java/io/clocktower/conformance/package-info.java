/** Which test proves which statement of the specification; the page {@code docs/conformance.md} is made here. */
package io.clocktower.conformance;
