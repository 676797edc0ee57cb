/** OCI records and their JSON, the filter grammar. */
@NullMarked
package org.felucca.oci;

import org.jspecify.annotations.NullMarked;
