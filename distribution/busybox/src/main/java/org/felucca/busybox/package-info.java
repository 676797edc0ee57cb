/**
 * Makes the image that the distribution carries, so that a first run needs no registry: an OCI
 * image layout around Debian's statically linked busybox. The same busybox gives the same bytes.
 */
@NullMarked
package org.felucca.busybox;

import org.jspecify.annotations.NullMarked;
