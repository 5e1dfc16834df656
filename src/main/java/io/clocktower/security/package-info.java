/** Who may do what over HTTP, and how often. */
package io.clocktower.security;
