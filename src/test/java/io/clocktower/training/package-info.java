/** The run of the packaged application from which the build makes its AOT cache. */
package io.clocktower.training;
