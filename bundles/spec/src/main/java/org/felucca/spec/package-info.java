/** OCI spec generation, seccomp default, user look-up in the rootfs. */
@NullMarked
package org.felucca.spec;

import org.jspecify.annotations.NullMarked;
