package org.felucca.engine;

import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** {@code etc/org.felucca.engine.cfg}. */
@ObjectClassDefinition(name = "Felucca engine")
@interface EngineConfig {
  /** The PID of the configuration. */
  String PID = "org.felucca.engine";

  @AttributeDefinition(
      name = "Default runtime",
      description =
          "The runtime or alias of containers that name none; empty: crun where it works, else runc")
  String default__runtime() default "";

  @AttributeDefinition(
      name = "Runtime aliases",
      description = "Other names of runtimes, as alias=name, separated by commas")
  String[] runtime__aliases() default {
    "io.containerd.runc.v2=runc",
    "io.containerd.runc.v1=runc",
    "io.containerd.runtime.v1.linux=runc",
    "io.containerd.crun.v2=crun"
  };

  @AttributeDefinition(
      name = "Default snapshotter",
      description = "The snapshotter of containers that name none")
  String default__snapshotter() default "overlayfs";

  @AttributeDefinition(
      name = "Image verifiers",
      description =
          "Verifiers that must be there and accept every image that is pulled, by name, separated by commas; others that are there are asked as well")
  String[] image__verifiers() default {};

  @AttributeDefinition(
      name = "Launch deadline",
      description = "Seconds that a shim may take to start")
  int launch__deadline__seconds() default 30;

  @AttributeDefinition(
      name = "Log driver",
      description = "Where the output of containers goes that name no log driver")
  String log__driver() default "cri";

  @AttributeDefinition(
      name = "Log options",
      description = "The options of that log driver, as name=value, separated by commas")
  String[] log__options() default {"max-size=64m", "max-file=2"};

  @AttributeDefinition(
      name = "Journal",
      description = "The socket of systemd's journal, for the log driver journald")
  String log__journald__socket() default "/run/systemd/journal/socket";
}
