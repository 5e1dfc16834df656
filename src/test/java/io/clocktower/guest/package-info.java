/** The packaged application as a real Linux guest in a real QEMU sees it. */
package io.clocktower.guest;
