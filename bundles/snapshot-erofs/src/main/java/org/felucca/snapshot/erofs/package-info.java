/**
 * The snapshotter {@code erofs}: each layer is one read-only image, put over each other by
 * overlayfs.
 */
@NullMarked
package org.felucca.snapshot.erofs;

import org.jspecify.annotations.NullMarked;
