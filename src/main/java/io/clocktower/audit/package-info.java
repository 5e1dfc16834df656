/** Who changes what: the caller of a call, and a line in the log for each change. */
package io.clocktower.audit;
