//! The credentials: from the `AWS_*` variables, the profile, or the service that a machine of AWS
//! has for them, as `reqsign` looks for them.

use std::fs;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;
use reqsign_aws_v4::{
    Credential, DefaultCredentialProvider, ProcessCredentialProvider, RequestSigner,
};
use reqsign_core::{
    CommandExecute, CommandOutput, Context, Env, Error, ErrorKind, FileRead, HttpSend,
    ProvideCredential, Result, Signer,
};
use ureq::Agent;
use ureq::http::{Request, Response};

use super::command::output_within;
use super::failure::{Cause, Failure};
use super::transport::agent;

/// The limit for an answer of a service for credentials. Most machines have none, and find that out
/// by this limit alone.
const SERVICE_TIMEOUT: Duration = Duration::from_secs(2);
/// The limit for the program that the profile names, which may ask another service.
const PROGRAM_TIMEOUT: Duration = Duration::from_mins(1);

/// Returns what the search for credentials may use.
pub(super) fn context(environment: impl Env) -> Context {
    Context::new()
        .with_env(environment)
        .with_file_read(Files)
        .with_command_execute(Commands)
        .with_http_send(Services(agent(SERVICE_TIMEOUT, Some(SERVICE_TIMEOUT))))
}

/// Returns what signs requests to a region.
pub(super) fn signer(context: Context, region: &str) -> Signer<Credential> {
    Signer::new(context, Providers::new(), RequestSigner::new("s3", region))
}

/// Returns the failure of a request that cannot be signed. What a library or a program says may
/// have secrets, so only the kind of the error is reported.
pub(super) fn failure(error: &Error) -> Failure {
    let (cause, message) = match error.kind() {
        ErrorKind::CredentialInvalid => (
            Cause::Denied,
            "no valid credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or \
             AWS_PROFILE, and renew credentials that have expired",
        ),
        ErrorKind::ConfigInvalid => (
            Cause::Denied,
            "the credentials cannot be read: check the profile in ~/.aws/credentials and \
             ~/.aws/config; its credential_process has to return them within a minute",
        ),
        ErrorKind::PermissionDenied => (
            Cause::Denied,
            "the service for credentials denies them: check the role of the profile or the machine",
        ),
        ErrorKind::RateLimited => (
            Cause::Busy,
            "the service for credentials is overloaded: try again later",
        ),
        ErrorKind::RequestInvalid => (
            Cause::Other,
            "the request cannot be signed: check the names of server, bucket and prefix",
        ),
        ErrorKind::Unexpected => (
            Cause::Denied,
            "the search for credentials failed: check the profile, or set AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY",
        ),
    };
    Failure::new(cause, message)
}

/// Where credentials are looked for, in this order. That of the library goes on to the services of
/// AWS after the program of a profile has failed, and reports that there are none.
#[derive(Debug)]
struct Providers {
    variables_and_files: DefaultCredentialProvider,
    program: ProcessCredentialProvider,
    services: DefaultCredentialProvider,
}

impl Providers {
    fn new() -> Self {
        let all = DefaultCredentialProvider::builder;
        Self {
            variables_and_files: all().no_process().no_ecs().no_imds().build(),
            program: ProcessCredentialProvider::new(),
            services: all()
                .no_env()
                .no_profile()
                .no_sso()
                .no_web_identity()
                .no_process()
                .build(),
        }
    }
}

impl ProvideCredential for Providers {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> Result<Option<Credential>> {
        if let Some(found) = self.variables_and_files.provide_credential(context).await? {
            return Ok(Some(found));
        }
        let of_program = self.program.provide_credential(context).await;
        let failed = |_| Error::config_invalid("the program of the profile failed");
        if let Some(found) = of_program.map_err(failed)? {
            return Ok(Some(found));
        }
        self.services.provide_credential(context).await
    }
}

#[derive(Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        fs::read(path)
            .map_err(|error| Error::config_invalid(format!("cannot read {path}: {error}")))
    }
}

/// Runs the program that the setting `credential_process` names.
#[derive(Debug)]
struct Commands;

impl CommandExecute for Commands {
    async fn command_execute(&self, program: &str, arguments: &[&str]) -> Result<CommandOutput> {
        let output = output_within(PROGRAM_TIMEOUT, Command::new(program).args(arguments));
        let (status, stdout) = output
            .map_err(|error| Error::config_invalid(format!("cannot run {program}: {error}")))?;
        Ok(CommandOutput {
            status: status.code().unwrap_or(-1),
            stdout,
            stderr: Vec::new(),
        })
    }
}

#[derive(Debug)]
struct Services(Agent);

impl HttpSend for Services {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let failed = |error: ureq::Error| Error::unexpected(error.to_string());
        let (head, body) = request.into_parts();
        let response = self
            .0
            .run(Request::from_parts(head, &body[..]))
            .map_err(failed)?;
        let (head, mut body) = response.into_parts();
        let body = body.read_to_vec().map_err(failed)?;
        Ok(Response::from_parts(head, body.into()))
    }
}
