# Registers two tasks for the current user: one backs up a license store every hour as a new
# generation, and then removes old generations; the other one checks every day that the newest backup
# is recent and intact.
#
# Set the directories and the path of the program, then run in PowerShell, as the user who owns the
# licenses:
#   powershell -ExecutionPolicy Bypass -File register-tasks.ps1
#
# The tasks run while you are logged in, each in a console window, and never twice at the same time. To
# see how they ended, run:
#   Get-ScheduledTaskInfo -TaskPath '\license-backup\' -TaskName 'Back up'
# The last result is the exit code. 3: the backup is complete, but a license could not be read. 6: most
# licenses of the previous backup are missing from the store, and nothing is removed. For the check, 1:
# no run has succeeded for 26 hours; 5: the backup is damaged. What the program wrote is in the log.
#
# To remove the tasks, run:
#   Unregister-ScheduledTask -TaskPath '\license-backup\'

$ErrorActionPreference = 'Stop'

$program = "$env:LOCALAPPDATA\Programs\license-backup\license-backup.exe"
$store = "$env:LOCALAPPDATA\Player\Licenses"
$backup = "$env:USERPROFILE\Backups\Licenses"
# The directory of the logs. It is in your profile, which other users cannot read.
$logs = "$env:LOCALAPPDATA\license-backup"

if (-not (Test-Path -LiteralPath $program -PathType Leaf)) { throw "there is no program $program" }
New-Item -ItemType Directory -Force -Path $logs, (Split-Path $backup) | Out-Null

# The log of a task is replaced by each run. `cmd` starts the program, since a task writes no log, and
# exits with the code of the program.
function Register-LicenseTask([string]$name, [string]$arguments, [string]$log, $trigger) {
    $command = "/d /s /c `"`"$program`" $arguments >`"$logs\$log`" 2>&1`""
    $action = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\cmd.exe" -Argument $command
    # A run that was missed while the machine was off starts as soon as the machine runs again. One
    # that takes longer than the limit is ended, which leaves every backup unchanged.
    $settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew `
        -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -ExecutionTimeLimit (New-TimeSpan -Hours 12) `
        -Priority 8
    $user = [Security.Principal.WindowsIdentity]::GetCurrent().Name
    $principal = New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive -RunLevel Limited
    Register-ScheduledTask -TaskPath '\license-backup\' -TaskName $name -Action $action `
        -Trigger $trigger -Settings $settings -Principal $principal -Force | Out-Null
}

$hourly = New-ScheduledTaskTrigger -Once -At (Get-Date).Date -RandomDelay (New-TimeSpan -Minutes 5) `
    -RepetitionInterval (New-TimeSpan -Hours 1)
Register-LicenseTask 'Back up' `
    ("backup --store `"$store`" --to `"$backup`" --generations --keep-hourly 24 --keep-daily 7 " +
        '--keep-weekly 5 --keep-monthly 12 --keep-yearly 10 --quiet') `
    'backup.log' $hourly

$daily = New-ScheduledTaskTrigger -Daily -At '12:30' -RandomDelay (New-TimeSpan -Minutes 30)
Register-LicenseTask 'Check' "check --from `"$backup`" --max-age 26h --verify" 'check.log' $daily
