/** Snapshots on overlayfs. */
@NullMarked
package org.felucca.snapshot.overlay;

import org.jspecify.annotations.NullMarked;
