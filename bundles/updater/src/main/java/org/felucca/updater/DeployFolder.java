package org.felucca.updater;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.felix.fileinstall.ArtifactInstaller;
import org.felucca.api.EngineException;
import org.felucca.api.ErrorKind;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * The folder {@code deploy}: a jar that is put there is installed, one that is taken away is
 * removed. FileInstall watches it and hands every jar to this component; the watching begins when
 * this component is there, so that no jar goes past it.
 */
@Component(service = {})
public final class DeployFolder implements ArtifactInstaller {
  private static final Logger LOG = Logger.getLogger(DeployFolder.class.getName());
  private static final String WATCHER = "org.apache.felix.fileinstall";

  private final BundleUpdater updater;
  private final Path folder;

  /** Which bundle came from which jar, kept over restarts. */
  private final DeployedJars deployed;

  private final ServiceRegistration<ArtifactInstaller> registration;

  /** Checks the folder and has it watched. */
  @Activate
  public DeployFolder(
      BundleContext context,
      @Reference BundleUpdater updater,
      @Reference ConfigurationAdmin configurations)
      throws IOException {
    this.updater = updater;
    this.folder =
        Path.of(Objects.requireNonNull(context.getProperty("felucca.home"))).resolve("deploy");
    this.deployed =
        new DeployedJars(Path.of(Objects.requireNonNull(context.getProperty("felucca.root"))));
    this.registration =
        context.registerService(
            ArtifactInstaller.class,
            this,
            FrameworkUtil.asDictionary(Map.of(Constants.SERVICE_RANKING, 1000)));
    if (trusted()) {
      removeVanished();
      watch(context, configurations);
    }
  }

  @Deactivate
  void close() {
    registration.unregister();
  }

  /** Bundles are root: only root may put them here. */
  private boolean trusted() throws IOException {
    if (!Files.isDirectory(folder)) {
      LOG.log(Level.WARNING, "deploy folder is not there, nothing is deployed folder={0}", folder);
      return false;
    }
    PosixFileAttributes attributes = Files.readAttributes(folder, PosixFileAttributes.class);
    String mode = PosixFilePermissions.toString(attributes.permissions());
    if (!attributes.owner().getName().equals("root") || !mode.endsWith("------")) {
      LOG.log(
          Level.SEVERE,
          "deploy folder is not trusted, nothing is deployed folder={0} owner={1} mode={2}:"
              + " chown root and chmod 700 it, then restart",
          new Object[] {folder, attributes.owner().getName(), mode});
      return false;
    }
    return true;
  }

  private void watch(BundleContext context, ConfigurationAdmin configurations) throws IOException {
    Configuration watcher = configurations.getFactoryConfiguration(WATCHER, "deploy", "?");
    watcher.updateIfDifferent(
        FrameworkUtil.asDictionary(
            Map.of(
                "felix.fileinstall.dir", folder.toString(),
                "felix.fileinstall.poll", "250",
                "felix.fileinstall.filter", ".*\\.jar",
                "felix.fileinstall.noInitialDelay", "true",
                "felix.fileinstall.enableConfigSave", "false",
                // Not FileInstall's: with another value it begins anew, and forgets the revision of
                // this component that it handed its jars to before.
                "felucca.revision", Long.toString(context.getBundle().getBundleId()))));
  }

  /** Jars that were taken away while the engine was down. */
  private void removeVanished() {
    for (Map.Entry<String, String> jar : new TreeMap<>(deployed.all()).entrySet()) {
      if (!Files.exists(folder.resolve(jar.getKey()))) {
        remove(jar.getKey());
      }
    }
  }

  @Override
  public boolean canHandle(File artifact) {
    return artifact.getName().endsWith(".jar")
        && folder.equals(artifact.toPath().toAbsolutePath().getParent());
  }

  @Override
  public void install(File artifact) {
    try {
      String name = BundleJar.read(artifact.toPath()).symbolicName();
      updater.install(List.of(artifact.toPath()));
      deployed.put(artifact.getName(), name);
    } catch (EngineException e) {
      if (e.kind() == ErrorKind.CANCELLED) {
        return; // FileInstall begins anew, and brings every jar once more
      }
      LOG.log(
          Level.SEVERE,
          "deploy refused file={0}: {1}",
          new Object[] {artifact.getName(), e.getMessage()});
    }
  }

  @Override
  public void update(File artifact) {
    install(artifact);
  }

  /** FileInstall also says this of a jar that is still there, when its listener was replaced. */
  @Override
  public void uninstall(File artifact) {
    if (!artifact.exists()) {
      remove(artifact.getName());
    }
  }

  private void remove(String file) {
    String symbolicName = deployed.all().get(file);
    if (symbolicName == null) {
      return;
    }
    try {
      deployed.remove(file);
      updater.remove(symbolicName);
    } catch (EngineException e) {
      LOG.log(Level.SEVERE, "removal refused file={0}: {1}", new Object[] {file, e.getMessage()});
    }
  }
}
