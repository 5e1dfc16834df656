/** The memory of a guest, as its front-end shares it: regions, and addresses translated with every access checked. */
package io.clocktower.memory;
