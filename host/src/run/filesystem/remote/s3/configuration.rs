//! The server and the region: from the location, the `AWS_*` variables, or the profile.

use std::io::{self, ErrorKind};

use ini::Ini;
use reqsign_core::Context;
use ureq::http::Uri;

use crate::location::S3Location;

/// The server of a bucket.
#[derive(Debug)]
pub(super) struct Configuration {
    pub(super) region: String,
    /// The URL of the bucket, which ends in `/`.
    pub(super) bucket_url: String,
}

impl Configuration {
    /// Returns the configuration of a location.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the region is not known, or the URL of the server is not valid.
    pub(super) fn new(location: &S3Location, context: &Context) -> io::Result<Self> {
        let profile = Profile::load(context);
        let variable = |name: &str| context.env_var(name).filter(|value| !value.is_empty());
        let endpoint = location
            .endpoint
            .clone()
            .or_else(|| variable("AWS_ENDPOINT_URL_S3"))
            .or_else(|| variable("AWS_ENDPOINT_URL"))
            .or_else(|| profile.get("endpoint_url"));
        let region = variable("AWS_REGION")
            .or_else(|| variable("AWS_DEFAULT_REGION"))
            .or_else(|| profile.get("region"));
        let bucket = location.bucket();
        let (region, bucket_url) = match (endpoint, region) {
            (Some(endpoint), region) => {
                // Servers of other makers ignore the region, or use this one.
                let region = region.unwrap_or_else(|| "us-east-1".to_owned());
                (region, format!("{}/{bucket}/", checked(&endpoint)?))
            }
            (None, Some(region)) => {
                let url = aws_url(bucket, &region)?;
                (region, url)
            }
            (None, None) => {
                return Err(invalid(
                    "the region is not known: set AWS_REGION, or name the server with --s3-endpoint",
                ));
            }
        };
        Ok(Self { region, bucket_url })
    }
}

/// Returns the URL of a bucket of AWS.
fn aws_url(bucket: &str, region: &str) -> io::Result<String> {
    if region.is_empty()
        || !region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        return Err(invalid("the region is not one of AWS: check AWS_REGION"));
    }
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let host = format!("s3.{region}.amazonaws.com{suffix}");
    // The certificate is valid for one label before the host. Names of other characters are as old
    // as AWS, and cannot be part of a host.
    let is_label = bucket
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    Ok(if is_label {
        format!("https://{bucket}.{host}/")
    } else {
        format!("https://{host}/{bucket}/")
    })
}

/// Returns the URL of a server without the `/` at its end.
fn checked(endpoint: &str) -> io::Result<&str> {
    let endpoint = endpoint.trim_end_matches('/');
    let is_valid = endpoint.parse::<Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.query().is_none()
            // Neither a user nor a password.
            && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
    });
    if is_valid {
        Ok(endpoint)
    } else {
        Err(invalid(
            "the URL of the server is not valid: set --s3-endpoint or AWS_ENDPOINT_URL to one like \
             https://host:port, without a user or a query",
        ))
    }
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, message)
}

/// The settings of the chosen profile in the configuration file of AWS.
struct Profile {
    file: Ini,
    section: String,
}

impl Profile {
    fn load(context: &Context) -> Self {
        let section = match context.env_var("AWS_PROFILE") {
            Some(name) if name != "default" => format!("profile {name}"),
            _ => "default".to_owned(),
        };
        let path = context
            .env_var("AWS_CONFIG_FILE")
            .unwrap_or_else(|| "~/.aws/config".to_owned());
        let path = context.expand_home_dir(&path);
        // Credentials and region can come from elsewhere, so the file may be missing.
        let file = path.and_then(|path| Ini::load_from_file(path).ok());
        Self {
            file: file.unwrap_or_default(),
            section,
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let section = self.file.section(Some(&self.section))?;
        section.get(name).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use reqsign_core::StaticEnv;

    use super::*;

    fn configuration(
        bucket: &str,
        endpoint: Option<&str>,
        variables: &[(&str, &str)],
    ) -> io::Result<Configuration> {
        let mut location = S3Location::parse(bucket).expect("the bucket is valid");
        location.endpoint = endpoint.map(str::to_owned);
        let variables = variables.iter();
        let envs: HashMap<String, String> = variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let environment = StaticEnv {
            home_dir: None,
            envs,
        };
        Configuration::new(&location, &Context::new().with_env(environment))
    }

    #[test]
    fn a_bucket_of_aws_is_a_host_if_its_certificate_allows_that() {
        let url = |bucket| {
            let region = [("AWS_REGION", "eu-west-1")];
            configuration(bucket, None, &region)
                .expect("the region is known")
                .bucket_url
        };
        assert_eq!(
            url("backups"),
            "https://backups.s3.eu-west-1.amazonaws.com/"
        );
        assert_eq!(
            url("my.backups"),
            "https://s3.eu-west-1.amazonaws.com/my.backups/"
        );
    }

    #[test]
    fn the_server_of_the_location_comes_before_those_of_the_variables() {
        let variables = [
            ("AWS_ENDPOINT_URL", "http://general:1"),
            ("AWS_ENDPOINT_URL_S3", "http://special:2/path/"),
        ];
        let url = |endpoint| {
            configuration("backups", endpoint, &variables)
                .expect("the URL is valid")
                .bucket_url
        };
        assert_eq!(url(Some("https://own")), "https://own/backups/");
        assert_eq!(url(None), "http://special:2/path/backups/");
    }

    #[test]
    fn region_and_server_can_be_those_of_a_profile() {
        let directory = tempfile::tempdir().expect("a directory can be created");
        let path = directory.path().join("config");
        let content = "[default]\nregion = eu-west-1\n\
            [profile nas]\nregion = eu-west-2\nendpoint_url = http://nas:9000\n";
        std::fs::write(&path, content).expect("a file can be written");
        let path = path.to_str().expect("the path is UTF-8");

        let default = configuration("backups", None, &[("AWS_CONFIG_FILE", path)]);
        assert_eq!(default.expect("the region is known").region, "eu-west-1");
        let variables = [("AWS_CONFIG_FILE", path), ("AWS_PROFILE", "nas")];
        let nas = configuration("backups", None, &variables).expect("the server is known");
        assert_eq!(nas.region, "eu-west-2");
        assert_eq!(nas.bucket_url, "http://nas:9000/backups/");
    }

    #[test]
    fn a_server_without_region_or_with_an_invalid_url_is_refused() {
        let message = |endpoint| {
            let error = configuration("backups", endpoint, &[]).expect_err("it is refused");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            error.to_string()
        };
        let advice = "set AWS_REGION, or name the server with --s3-endpoint";
        assert!(message(None).contains(advice));
        for url in [
            "nas:9000",
            "ftp://nas",
            "http://",
            "http://user:word@nas",
            "http://nas?x=1",
        ] {
            let message = message(Some(url));
            assert!(
                message.contains("set --s3-endpoint") && !message.contains("word"),
                "{url}"
            );
        }
    }
}
