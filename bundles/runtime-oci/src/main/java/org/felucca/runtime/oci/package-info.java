/**
 * Any OCI runtime that a runc-like shim can drive. Each configuration of the factory {@code
 * org.felucca.runtime} becomes one {@link org.felucca.api.runtime.Runtime}: runtimes need a
 * configuration and no class.
 */
@NullMarked
package org.felucca.runtime.oci;

import org.jspecify.annotations.NullMarked;
