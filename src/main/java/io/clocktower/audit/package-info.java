/** Who changes what: a call's caller, and a line in the log for each change. */
package io.clocktower.audit;
