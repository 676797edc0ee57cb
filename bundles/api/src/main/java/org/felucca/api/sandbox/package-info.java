/**
 * Sandboxes: what groups of containers share, as containerd's API records it. A record says which
 * runtime a sandbox has and what its client keeps with it; it is made before the sandbox runs and
 * stays until its client removes it.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.sandbox;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
