/** Drives any OCI runtime binary; the shared runtime factory. */
@NullMarked
package org.felucca.runtime.oci;

import org.jspecify.annotations.NullMarked;
