/** The console: pages for a browser, which use the API like any other client. */
package io.clocktower.console;
