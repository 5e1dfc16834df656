/**
 * Live replacement: a running service passes its devices, with all that belongs to them, to a successor process, and guests
 * do not notice. See {@code docs/handover.md}.
 */
package io.clocktower.handover;
