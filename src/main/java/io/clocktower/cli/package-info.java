/** The command line: a client of the service's HTTP API. It needs no class of the service but those of {@code spec}. */
package io.clocktower.cli;
