/** What the build of a native image is told, derived from the classes. Nothing of it runs in the service. */
package io.clocktower.nativeimage;
