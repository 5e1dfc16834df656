/** The service's entry. */
package io.clocktower;
