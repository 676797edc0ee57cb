/**
 * The snapshotter {@code overlayfs}: each snapshot is a folder, and the kernel's overlay file
 * system puts them over each other.
 */
@NullMarked
package org.felucca.snapshot.overlay;

import org.jspecify.annotations.NullMarked;
