package org.felucca.registry;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** {@code etc/org.felucca.registry.cfg}. */
@ObjectClassDefinition(name = "Felucca registries")
@interface RegistryConfig {
  /** The PID of the configuration. */
  String PID = "org.felucca.registry";

  @AttributeDefinition(
      name = "Folders of hosts",
      description =
          "Folders of <registry>/hosts.toml files; the first that knows a registry counts")
  String[] hosts__folders() default {"/etc/felucca/certs.d", "/etc/containerd/certs.d"};

  @AttributeDefinition(
      name = "Docker's configuration",
      description =
          "A config.json of docker whose logins are read as well; empty: that of $DOCKER_CONFIG or of the engine's user")
  String docker__config() default "";

  @AttributeDefinition(
      name = "Parallel ranges",
      description =
          "Ranges of one large blob that are fetched at once; 0: one from this machine, three from others")
  int parallel__ranges() default 0;

  @AttributeDefinition(
      name = "Attempts",
      description = "How often a request is sent that is answered by 429 or 5xx or breaks off")
  int attempts() default 6;

  @AttributeDefinition(
      name = "First pause",
      description = "Milliseconds before the second attempt; each further pause is twice as long")
  int first__pause__millis() default 500;

  @AttributeDefinition(
      name = "Silence",
      description = "Seconds after which a registry that sends nothing is given up")
  int silence__seconds() default 60;
}
