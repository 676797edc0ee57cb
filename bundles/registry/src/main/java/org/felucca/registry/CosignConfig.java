package org.felucca.registry;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** {@code etc/org.felucca.registry.cosign.cfg}. */
@ObjectClassDefinition(name = "Felucca's verifier of cosign signatures")
@interface CosignConfig {
  /** The PID of the configuration. */
  String PID = "org.felucca.registry.cosign";

  @AttributeDefinition(
      name = "Key",
      description =
          "The file with the public key in PEM, as cosign generate-key-pair writes it; relative to the folder of the configuration")
  String key() default "cosign.pub";

  @AttributeDefinition(
      name = "Repositories",
      description =
          "What must be signed: registry/repository, or a beginning of one that ends with a slash, separated by commas; empty: everything")
  String[] repositories() default {};
}
