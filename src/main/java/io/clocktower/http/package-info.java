/** The connections of the HTTP server: how many there are, how long each may take, and what counts as HTTP. */
package io.clocktower.http;
