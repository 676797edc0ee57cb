/**
 * The snapshotter {@code btrfs}: each snapshot is a subvolume, made as a snapshot of its parent's.
 */
@NullMarked
package org.felucca.snapshot.btrfs;

import org.jspecify.annotations.NullMarked;
