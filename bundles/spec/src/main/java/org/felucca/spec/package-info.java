/**
 * Making OCI runtime specs for Linux: what an image says, what the user wants, and what is safe,
 * put together.
 *
 * <p>{@link org.felucca.spec.LinuxSpecs} is the service. Nothing here keeps anything or asks the
 * machine, with one exception: {@link org.felucca.spec.UserDatabase} reads {@code /etc/passwd} and
 * {@code /etc/group} of the image below a descriptor of its root file system.
 */
@NullMarked
package org.felucca.spec;

import org.jspecify.annotations.NullMarked;
